"""Drives the Python SDK 1.x client: `python_mcp1.py URL ERA ACTIONS`, see README.md. It only knows the legacy era."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager

import anyio
from mcp import ClientSession, McpError, types
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client


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
        page = await fetch(params=types.PaginatedRequestParams(cursor=cursor))
        items.extend(getattr(page, field))
        cursor = page.nextCursor
        if cursor is None:
            return items


async def call_with_progress(session, action):
    steps = []

    async def on_progress(progress, _total, _message):
        steps.append(progress)

    result = await session.call_tool(action["name"], action.get("arguments"), progress_callback=on_progress)
    return {"result": plain(result), "progress": steps}


async def call_and_cancel(session, action):
    """Ends the call as a host does in this SDK: the notification is sent by hand, the wait is abandoned."""
    finished = False
    request_id = session._request_id
    with anyio.CancelScope() as scope:

        async def on_progress(_progress, _total, _message):
            params = types.CancelledNotificationParams(requestId=request_id, reason="the driver changed its mind")
            await session.send_notification(types.ClientNotification(types.CancelledNotification(params=params)))
            scope.cancel()

        await session.call_tool(action["name"], action.get("arguments"), progress_callback=on_progress)
        finished = True
    return {"cancelled": not finished}


async def call_as_task(session, action):
    made = await session.experimental.call_tool_as_task(action["name"], action.get("arguments"))
    task = made.task.taskId
    async for told in session.experimental.poll_task(task):
        status = told.status
    result = await session.experimental.get_task_result(task, types.CallToolResult)
    return {"status": status, "result": plain(result)}


def reference(ref):
    if ref["type"] == "ref/prompt":
        return types.PromptReference(**ref)
    return types.ResourceTemplateReference(**ref)


async def perform(session, action):
    match action["do"]:
        case "list_tools":
            return [tool.name for tool in await every_page(session.list_tools, "tools")]
        case "list_resources":
            return [str(resource.uri) for resource in await every_page(session.list_resources, "resources")]
        case "list_templates":
            pages = await every_page(session.list_resource_templates, "resourceTemplates")
            return [template.uriTemplate for template in pages]
        case "list_prompts":
            return [prompt.name for prompt in await every_page(session.list_prompts, "prompts")]
        case "call":
            return plain(await session.call_tool(action["name"], action.get("arguments")))
        case "progress":
            return await call_with_progress(session, action)
        case "cancel":
            return await call_and_cancel(session, action)
        case "task":
            return await call_as_task(session, action)
        case "read":
            return plain(await session.read_resource(action["uri"]))
        case "prompt":
            return plain(await session.get_prompt(action["name"], action.get("arguments")))
        case "complete":
            return plain(await session.complete(reference(action["ref"]), action["argument"]))
        case unknown:
            raise ValueError(f"unknown action {unknown}")


def report(action, human, **outcome):
    print(json.dumps({"do": action, **outcome, "asked": human.asked}), flush=True)


@asynccontextmanager
async def connect(url):
    transport = sse_client if url.endswith("/sse") else streamable_http_client
    async with transport(url) as streams:
        yield streams[0], streams[1]


async def run(url, actions):
    human = Human()
    async with connect(url) as (read, write), ClientSession(
        read,
        write,
        elicitation_callback=human.elicit,
        sampling_callback=human.sample,
        list_roots_callback=human.roots,
    ) as session:
        handshake = await session.initialize()
        report("connect", human, ok=True, value={"protocol": handshake.protocolVersion})
        for action in actions:
            human.answer, human.asked = action.get("answer", {}), []
            try:
                report(action["do"], human, ok=True, value=await perform(session, action))
            except McpError as error:
                report(action["do"], human, ok=False, error={"code": error.error.code, "message": error.error.message})


asyncio.run(run(sys.argv[1], json.loads(sys.argv[3])))
