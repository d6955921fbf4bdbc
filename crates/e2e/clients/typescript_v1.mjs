// Drives the TypeScript SDK v1 client: `typescript_v1.mjs URL ERA ACTIONS`, see README.md. It only knows the legacy era.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import { cancelAtFirstProgress, capabilities, run } from "./driver.mjs";

async function connect(url, _era, human) {
  const client = new Client({ name: "typescript-v1", version: "1.0.0" }, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, (request) => human.elicit(request));
  client.setRequestHandler(CreateMessageRequestSchema, () => human.sample());
  client.setRequestHandler(ListRootsRequestSchema, () => human.roots());
  const transport = open(new URL(url));
  client.negotiated = undefined;
  transport.setProtocolVersion = rememberVersion(client, transport);
  await client.connect(transport);
  return client;
}

// What proves who the client is, if a test says so.
function proof() {
  const token = process.env.CLIENT_TOKEN;
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function open(url) {
  if (url.protocol === "ws:") return new WebSocketClientTransport(url);
  const options = { requestInit: { headers: proof() } };
  return url.pathname.endsWith("/sse")
    ? new SSEClientTransport(url, options)
    : new StreamableHTTPClientTransport(url, options);
}

// This SDK tells the negotiated version only to its transport.
function rememberVersion(client, transport) {
  const original = transport.setProtocolVersion?.bind(transport);
  return (version) => {
    client.negotiated = version;
    original?.(version);
  };
}

async function callWithProgress(client, params) {
  const progress = [];
  const onprogress = (step) => progress.push(step.progress);
  const result = await client.callTool(params, undefined, { onprogress });
  return { result, progress };
}

async function callAsTask(client, params) {
  let status, result;
  for await (const told of client.experimental.tasks.callToolStream(params, undefined, { task: { ttl: 60_000 } })) {
    if (told.type === "error") throw told.error;
    if (told.task) status = told.task.status;
    if (told.type === "result") result = told.result;
  }
  return { status, result };
}

await run({
  connect,
  protocol: (client) => client.negotiated,
  call: (client, params) => client.callTool(params),
  progress: callWithProgress,
  task: callAsTask,
  cancel: (client, params) => cancelAtFirstProgress((options) => client.callTool(params, undefined, options)),
});
