// The client that the conformance suite watches: `conformance_client.mjs URL`. It uses everything the server offers:
// lists, calls each tool (with the arguments the suite hands over, where it does), reads each resource, gets each prompt.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const mode = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === "2026-07-28" ? "auto" : "legacy";
const { toolCalls } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? "{}");

const samples = { string: "sample", integer: 5, number: 5, boolean: true, array: [], object: {} };

// The required arguments of a schema, each with a sample or its default.
function sample(schema) {
  const required = (schema?.required ?? []).map((name) => [name, schema.properties?.[name] ?? {}]);
  return Object.fromEntries(required.map(([name, property]) => [name, property.default ?? samples[property.type]]));
}

function elicit(request) {
  return { action: "accept", content: sample(request.params.requestedSchema) };
}

function connect(url) {
  const client = new Client(
    { name: "conformance-client", version: "1.0.0" },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
      versionNegotiation: { mode },
    },
  );
  client.setRequestHandler("elicitation/create", elicit);
  client.setRequestHandler("roots/list", () => ({ roots: [] }));
  const answer = { role: "assistant", model: "sample", content: { type: "text", text: "sample" } };
  client.setRequestHandler("sampling/createMessage", () => answer);
  return client.connect(new StreamableHTTPClientTransport(new URL(url))).then(() => client);
}

// Does all of it, and tells what failed: a tool that refuses must not keep the others from being used.
async function all(uses) {
  const outcomes = await Promise.allSettled(uses);
  for (const { reason } of outcomes.filter(({ status }) => status === "rejected")) console.error(reason);
}

async function useTools(client) {
  const { tools } = await client.listTools();
  const calls = toolCalls ?? tools.map((tool) => ({ name: tool.name, arguments: sample(tool.inputSchema) }));
  await all(calls.map((call) => client.callTool(call)));
}

async function useResources(client) {
  const { resources } = await client.listResources();
  await all(resources.map(({ uri }) => client.readResource({ uri })));
}

async function usePrompts(client) {
  const { prompts } = await client.listPrompts();
  await all(prompts.map(({ name }) => client.getPrompt({ name })));
}

// Ends before the suite loses its patience, so that the gateway started for this run is not left behind.
setTimeout(() => process.exit(1), 20_000);

const client = await connect(process.argv.at(-1));
await all([useTools(client), useResources(client), usePrompts(client)]);
await client.close();
process.exit(0);
