// A server of the modern era only, made with the TypeScript SDK v2: `modern_only.mjs`. Prints its address.
// `initialize` is refused; `ask` needs an answer, `wait` ends only when it is cancelled and `take_cancelled` then answers.

import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import {
  acceptedContent,
  completable,
  createMcpHandler,
  inputRequired,
  McpServer,
  ResourceTemplate,
} from "@modelcontextprotocol/server";
import { z } from "zod";

const text = (value) => ({ content: [{ type: "text", text: value }] });
// Calls of `wait` that were cancelled and not yet taken by `take_cancelled`.
let cancelledCalls = 0;
const cancellations = new EventEmitter();

function registerTools(server) {
  server.registerTool("echo", { inputSchema: z.object({ message: z.string() }) }, ({ message }) =>
    text(`Echo: ${message}`),
  );
  server.registerTool("fail", { inputSchema: z.object({}) }, () => ({ ...text("failed as asked"), isError: true }));
  server.registerTool("count", { inputSchema: z.object({ to: z.number() }) }, async ({ to }, context) => {
    for (let step = 1; step <= to; step++) await notifyProgress(context, step);
    return text(`counted to ${to}`);
  });
  server.registerTool("wait", { inputSchema: z.object({}) }, waitForCancel);
  server.registerTool("take_cancelled", { inputSchema: z.object({}) }, takeCancelled);
  server.registerTool("ask", { inputSchema: z.object({}) }, askForName);
}

function notifyProgress(context, progress) {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return context.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress } });
}

async function waitForCancel(_arguments, context) {
  await notifyProgress(context, 1);
  await new Promise((resolve) => context.mcpReq.signal.addEventListener("abort", resolve, { once: true }));
  cancelledCalls += 1;
  cancellations.emit("cancelled");
  return text("cancelled");
}

async function takeCancelled() {
  if (cancelledCalls === 0) await once(cancellations, "cancelled");
  cancelledCalls -= 1;
  return text("one call was cancelled");
}

function askForName(_arguments, context) {
  const answer = acceptedContent(context.mcpReq.inputResponses, "name", z.object({ name: z.string() }));
  if (answer) return text(`Hello, ${answer.name}!`);
  const requestedSchema = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
  const question = inputRequired.elicit({ message: "What is your name?", requestedSchema });
  return inputRequired({ inputRequests: { name: question } });
}

function registerResources(server) {
  server.registerResource("greeting", "note://greeting", { mimeType: "text/plain" }, (uri) => ({
    contents: [{ uri: uri.href, mimeType: "text/plain", text: "a modern greeting" }],
  }));
  const template = new ResourceTemplate("note://by-number/{number}", { list: undefined });
  server.registerResource("note", template, { mimeType: "text/plain" }, (uri, { number }) => ({
    contents: [{ uri: uri.href, mimeType: "text/plain", text: `note ${number}` }],
  }));
}

function registerPrompts(server) {
  const city = completable(z.string(), (value) => ["Basel", "Bern", "Genf"].filter((name) => name.startsWith(value)));
  server.registerPrompt("weather", { argsSchema: z.object({ city }) }, ({ city: name }) => ({
    messages: [{ role: "user", content: { type: "text", text: `What's weather in ${name}?` } }],
  }));
}

function build() {
  const server = new McpServer({ name: "modern-only", version: "1.0.0" });
  registerTools(server);
  registerResources(server);
  registerPrompts(server);
  return server;
}

const handler = toNodeHandler(createMcpHandler(build, { legacy: "reject" }));
const http = createServer((request, response) => handler(request, response));
http.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${http.address().port}/mcp`));
