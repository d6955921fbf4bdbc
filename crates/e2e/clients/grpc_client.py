"""A real gRPC client that does what it is told: one command in JSON per line of stdin, one event per line of stdout.

    ARGUMENTS: TARGET PROTO_FOLDER [AUTHORITY [CERTIFICATE KEY]]

Its stubs are generated from the .proto file of the project when it starts. A method that was opened goes on by itself;
each of its events carries the name under which it was opened, and its last one the status.
"""

import base64
import importlib
import json
import os
import queue
import sys
import tempfile
import threading

import grpc
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_tools import protoc

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
FILE = "switchboard/v1/mcp.proto"
# What proves who the client is, if a test says so.
PROOF = [("authorization", f"Bearer {token}") for token in [os.environ.get("CLIENT_TOKEN")] if token]


def generated(folder):
    """The messages, the services, and the compiled description."""
    out = tempfile.mkdtemp()
    wanted = [f"--python_out={out}", f"--grpc_python_out={out}", f"--descriptor_set_out={out}/compiled"]
    if protoc.main(["protoc", f"-I{folder}", *wanted, FILE]):
        sys.exit("the stubs cannot be generated")
    sys.path.insert(0, out)
    with open(f"{out}/compiled", "rb") as compiled:
        described = descriptor_pb2.FileDescriptorSet.FromString(compiled.read()).file[0]
    words, services = (importlib.import_module(f"switchboard.v1.mcp_{part}") for part in ["pb2", "pb2_grpc"])
    return words, services, described


def connected(target, files):
    if not files:
        return grpc.insecure_channel(target, OPTIONS)
    authority, *own = [open(file, "rb").read() for file in files]
    certificate, key = own or (None, None)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(authority, key, certificate), OPTIONS)


class Client:
    def __init__(self, target, folder, *files):
        self.words, services, self.compiled = generated(folder)
        self.channel = connected(target, files)
        self.stub = services.McpStub(self.channel)
        self.opened = {}
        self.output = threading.Lock()

    def tell(self, event):
        with self.output:
            print(json.dumps(event), flush=True)

    def message(self, told):
        return self.words.Request(payload=told["payload"].encode(), headers=told.get("headers"))

    def open(self, name, method, message=None, raw=None, timeout=None):
        if raw is not None:
            send = self.channel.stream_stream(method, lambda sent: sent, self.words.Reply.FromString)
            call = send(iter([base64.b64decode(raw)]), timeout)
        elif method == "Session":
            outbox = queue.Queue()
            call = self.stub.Session(iter(outbox.get, None), timeout, metadata=PROOF)
            self.opened[name] = (call, outbox)
            if message:
                outbox.put(self.message(message))
        elif method == "Stream":
            call = self.stub.Stream(self.message(message), timeout, metadata=PROOF)
        elif method == "Call":
            call = self.stub.Call.future(self.message(message), timeout, metadata=PROOF)
        else:
            health = health_pb2_grpc.HealthStub(self.channel)
            call = health.Watch(health_pb2.HealthCheckRequest(service=method.removeprefix("Watch ")), timeout)
        _, outbox = self.opened.get(name, (None, None))
        self.opened[name] = (call, outbox)
        threading.Thread(target=self.follow, args=(name, call, method), daemon=True).start()

    def follow(self, name, call, method):
        try:
            for reply in [call.result()] if method == "Call" else call:
                if method.startswith("Watch"):
                    self.tell({"of": name, "health": health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)})
                    continue
                kind = self.words.Kind.Name(reply.headers.kind)
                heard = {"payload": reply.payload.decode(), "kind": kind, "error_code": reply.headers.error_code}
                self.tell({"of": name} | heard)
        except (grpc.RpcError, grpc.FutureCancelledError):
            pass
        self.tell({"of": name, "status": call.code().name, "details": call.details() or ""})

    def send(self, name, message):
        self.opened[name][1].put(self.message(message))

    def close(self, name):
        self.opened[name][1].put(None)

    def cancel(self, name):
        self.opened[name][0].cancel()

    def health(self, service):
        answer = health_pb2_grpc.HealthStub(self.channel).Check(health_pb2.HealthCheckRequest(service=service))
        self.tell({"of": "health", "health": health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)})

    def reflection(self):
        ask = reflection_pb2.ServerReflectionRequest
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        listed, described = stub.ServerReflectionInfo(
            iter([ask(list_services=""), ask(file_containing_symbol="switchboard.v1.Mcp")])
        )
        names = [service.name for service in listed.list_services_response.service]
        file = described.file_descriptor_response.file_descriptor_proto[0]
        same = self.compiled == descriptor_pb2.FileDescriptorProto.FromString(file)
        self.tell({"of": "reflection", "services": names, "is_what_the_file_says": same})


def main():
    client = Client(*sys.argv[1:])
    for line in sys.stdin:
        command = json.loads(line)
        getattr(client, command.pop("do"))(**command)


main()
