// What the two TypeScript drivers share: the actions, the answers to questions and one JSON line per action.

export const MODERN = "2026-07-28";

// Everything a server may ask of a client.
export const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

// Answers what servers ask and remembers the questions of the running action.
class Human {
  answer = {};
  asked = [];

  elicit({ params }) {
    if (params.mode === "url") {
      this.asked.push(`${params.message} ${params.url}`);
      return { action: "accept" };
    }
    this.asked.push(params.message);
    return { action: "accept", content: this.answer };
  }

  sample() {
    this.asked.push("sampling");
    return { role: "assistant", model: "driver", content: { type: "text", text: "a sampled answer" } };
  }

  roots() {
    this.asked.push("roots");
    return { roots: [{ uri: "file:///driver", name: "driver" }] };
  }
}

// Starts a call with progress and aborts it when the first progress arrives.
export async function cancelAtFirstProgress(start) {
  const abort = new AbortController();
  const onprogress = () => abort.abort("the driver changed its mind");
  try {
    await start({ onprogress, signal: abort.signal });
  } catch (error) {
    if (abort.signal.aborted) return { cancelled: true };
    throw error;
  }
  return { cancelled: false };
}

async function everyPage(fetch, field, name) {
  const items = [];
  let cursor;
  do {
    const page = await fetch(cursor === undefined ? undefined : { cursor });
    items.push(...page[field].map(name));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}

function perform(sdk, client, action) {
  const target = { name: action.name, arguments: action.arguments };
  switch (action.do) {
    case "list_tools":
      return everyPage((page) => client.listTools(page), "tools", (tool) => tool.name);
    case "list_resources":
      return everyPage((page) => client.listResources(page), "resources", (resource) => resource.uri);
    case "list_templates":
      return everyPage((page) => client.listResourceTemplates(page), "resourceTemplates", (item) => item.uriTemplate);
    case "list_prompts":
      return everyPage((page) => client.listPrompts(page), "prompts", (prompt) => prompt.name);
    case "call":
      return sdk.call(client, target);
    case "progress":
      return sdk.progress(client, target);
    case "task":
      return sdk.task(client, target);
    case "cancel":
      return sdk.cancel(client, target);
    case "read":
      return client.readResource({ uri: action.uri });
    case "prompt":
      return client.getPrompt(target);
    case "complete":
      return client.complete({ ref: action.ref, argument: action.argument });
    default:
      throw new Error(`unknown action ${action.do}`);
  }
}

async function attempt(sdk, client, action) {
  try {
    return { ok: true, value: await perform(sdk, client, action) };
  } catch (error) {
    if (typeof error.code !== "number") throw error;
    return { ok: false, error: { code: error.code, message: error.message } };
  }
}

function report(name, outcome, human) {
  console.log(JSON.stringify({ do: name, ...outcome, asked: human.asked }));
}

// Runs the actions of the command line with one SDK and ends the process.
export async function run(sdk) {
  const [url, era, actions] = process.argv.slice(2);
  const human = new Human();
  const client = await sdk.connect(url, era, human);
  report("connect", { ok: true, value: { protocol: sdk.protocol(client) } }, human);
  for (const action of JSON.parse(actions)) {
    human.answer = action.answer ?? {};
    human.asked = [];
    report(action.do, await attempt(sdk, client, action), human);
  }
  await client.close();
  process.exit(0);
}
