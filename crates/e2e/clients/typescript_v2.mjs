// Drives the TypeScript SDK v2 client: `typescript_v2.mjs URL ERA ACTIONS`, see README.md for the actions.

import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { cancelAtFirstProgress, capabilities, MODERN, run } from "./driver.mjs";

const modes = { auto: "auto", legacy: "legacy", modern: { pin: MODERN } };

function connect(url, era, human) {
  const client = new Client(
    { name: "typescript-v2", version: "1.0.0" },
    { capabilities, versionNegotiation: { mode: modes[era] } },
  );
  client.setRequestHandler("elicitation/create", (request) => human.elicit(request));
  client.setRequestHandler("sampling/createMessage", () => human.sample());
  client.setRequestHandler("roots/list", () => human.roots());
  const token = process.env.CLIENT_TOKEN;
  const options = { requestInit: { headers: token ? { Authorization: `Bearer ${token}` } : {} } };
  const transport = url.endsWith("/sse")
    ? new SSEClientTransport(new URL(url), options)
    : new StreamableHTTPClientTransport(new URL(url), options);
  return client.connect(transport).then(() => client);
}

async function callWithProgress(client, params) {
  const progress = [];
  const result = await client.callTool(params, { onprogress: (step) => progress.push(step.progress) });
  return { result, progress };
}

await run({
  connect,
  protocol: (client) => client.getNegotiatedProtocolVersion(),
  call: (client, params) => client.callTool(params),
  progress: callWithProgress,
  cancel: (client, params) => cancelAtFirstProgress((options) => client.callTool(params, options)),
});
