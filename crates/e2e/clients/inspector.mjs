// Drives the MCP Inspector's command line: `inspector.mjs URL ERA ACTIONS`, see README.md for the actions.
// It starts the Inspector once per action. Progress, cancel, completion and questions are beyond its command line.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("node_modules/.bin/mcp-inspector", import.meta.url));

function inspect(url, era, method, options) {
  const transport = url.endsWith("/sse") ? "sse" : "http";
  const target = ["--cli", url, "--transport", transport, "--protocol-era", era];
  const output = ["-q", "--format", "json", "--method", method];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...target, ...output, ...options], (failure, stdout, stderr) => {
      const line = stdout.trim() || stderr.trim();
      try {
        resolve(JSON.parse(line));
      } catch {
        reject(new Error(`the Inspector printed no JSON: ${line}`, { cause: failure }));
      }
    });
  });
}

const pairs = (values) => Object.entries(values ?? {}).map(([key, value]) => `${key}=${value}`);

// Each action: the method, its options and what of the result is reported.
const commands = {
  connect: () => ["initialize", [], (result) => ({ protocol: result.protocolVersion })],
  list_tools: () => ["tools/list", [], (result) => result.tools.map((tool) => tool.name)],
  list_resources: () => ["resources/list", [], (result) => result.resources.map((resource) => resource.uri)],
  list_templates: () => [
    "resources/templates/list",
    [],
    (result) => result.resourceTemplates.map((template) => template.uriTemplate),
  ],
  list_prompts: () => ["prompts/list", [], (result) => result.prompts.map((prompt) => prompt.name)],
  call: (action) => [
    "tools/call",
    ["--tool-name", action.name, "--tool-args-json", JSON.stringify(action.arguments ?? {})],
    (result) => result,
  ],
  read: (action) => ["resources/read", ["--uri", action.uri], (result) => result],
  prompt: (action) => [
    "prompts/get",
    ["--prompt-name", action.name, ...pairs(action.arguments).flatMap((pair) => ["--prompt-args", pair])],
    (result) => result,
  ],
};

async function attempt(url, era, action) {
  const [method, options, value] = commands[action.do](action);
  const { result, error } = await inspect(url, era, method, options);
  return error ? { ok: false, error } : { ok: true, value: value(result) };
}

const [url, era, actions] = process.argv.slice(2);
for (const action of [{ do: "connect" }, ...JSON.parse(actions)]) {
  console.log(JSON.stringify({ do: action.do, ...(await attempt(url, era, action)), asked: [] }));
}
