"""Drives the Python SDK 2.x client: `python_mcp2.py URL ERA ACTIONS`, see README.md for the actions."""

import asyncio
import json
import sys

import anyio
import mcp_types as types
from mcp import Client
from mcp.client.sse import sse_client
from mcp.shared.exceptions import MCPError

MODES = {"auto": "auto", "legacy": "legacy", "modern": "2026-07-28"}


class Human:
    """Answers what servers ask and remembers the questions of the running action."""

    def __init__(self):
        self.answer = {}
        self.asked = []

    async def elicit(self, _context, params):
        if params.mode == "url":
            self.asked.append(f"{params.message} {params.url}")
            return types.ElicitResult(action="accept")
        self.asked.append(params.message)
        return types.ElicitResult(action="accept", content=self.answer)

    async def sample(self, _context, params):
        self.asked.append("sampling")
        content = types.TextContent(type="text", text="a sampled answer")
        return types.CreateMessageResult(role="assistant", model="driver", content=content)

    async def roots(self, _context):
        self.asked.append("roots")
        return types.ListRootsResult(roots=[types.Root(uri="file:///driver", name="driver")])


def plain(result):
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def every_page(fetch, field):
    items, cursor = [], None
    while True:
        page = await fetch(cursor=cursor)
        items.extend(getattr(page, field))
        cursor = page.next_cursor
        if cursor is None:
            return items


async def call_with_progress(client, action):
    steps = []

    async def on_progress(progress, _total, _message):
        steps.append(progress)

    result = await client.call_tool(action["name"], action.get("arguments"), progress_callback=on_progress)
    return {"result": plain(result), "progress": steps}


async def call_and_cancel(client, action):
    finished = False
    with anyio.CancelScope() as scope:

        async def on_progress(_progress, _total, _message):
            scope.cancel()

        await client.call_tool(action["name"], action.get("arguments"), progress_callback=on_progress)
        finished = True
    return {"cancelled": not finished}


def reference(ref):
    if ref["type"] == "ref/prompt":
        return types.PromptReference(**ref)
    return types.ResourceTemplateReference(**ref)


async def perform(client, action):
    match action["do"]:
        case "list_tools":
            return [tool.name for tool in await every_page(client.list_tools, "tools")]
        case "list_resources":
            return [resource.uri for resource in await every_page(client.list_resources, "resources")]
        case "list_templates":
            pages = await every_page(client.list_resource_templates, "resource_templates")
            return [template.uri_template for template in pages]
        case "list_prompts":
            return [prompt.name for prompt in await every_page(client.list_prompts, "prompts")]
        case "call":
            return plain(await client.call_tool(action["name"], action.get("arguments")))
        case "progress":
            return await call_with_progress(client, action)
        case "cancel":
            return await call_and_cancel(client, action)
        case "read":
            return plain(await client.read_resource(action["uri"]))
        case "prompt":
            return plain(await client.get_prompt(action["name"], action.get("arguments")))
        case "complete":
            return plain(await client.complete(reference(action["ref"]), action["argument"]))
        case unknown:
            raise ValueError(f"unknown action {unknown}")


def report(action, human, **outcome):
    print(json.dumps({"do": action, **outcome, "asked": human.asked}), flush=True)


async def run(url, era, actions):
    human = Human()
    server = sse_client(url) if url.endswith("/sse") else url
    client = Client(
        server,
        mode=MODES[era],
        elicitation_callback=human.elicit,
        sampling_callback=human.sample,
        list_roots_callback=human.roots,
    )
    async with client:
        report("connect", human, ok=True, value={"protocol": client.protocol_version})
        for action in actions:
            human.answer, human.asked = action.get("answer", {}), []
            try:
                report(action["do"], human, ok=True, value=await perform(client, action))
            except MCPError as error:
                report(action["do"], human, ok=False, error={"code": error.code, "message": error.message})


asyncio.run(run(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
