"""A real gRPC server with reflection (v1alpha) on a free loopback port: a greeter that also counts, fails and waits.

Its description is built here and not compiled, so that no code generator is needed. With an argument it writes the
description to that file, as `protoc --descriptor_set_out` would, and serves without reflection; with `--tls CERTIFICATE
KEY` it speaks TLS.
"""

import sys
import threading
import time
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection

FIELD = descriptor_pb2.FieldDescriptorProto


def field(message, name, number, kind, label=FIELD.LABEL_OPTIONAL, type_name=None):
    message.field.add(name=name, number=number, type=kind, label=label, type_name=type_name)


def part(number, content):
    """A field of a protobuf message that is bytes, a text or a message."""
    return bytes([number << 3 | 2, len(content)]) + content


def refused():
    """A `google.rpc.Status` with one violation and the advice to wait for three seconds."""
    violation = part(1, part(1, b"name") + part(2, b"must not be empty"))
    wait = part(1, bytes([1 << 3, 3]))
    of = lambda kind, value: part(3, part(1, b"type.googleapis.com/google.rpc." + kind) + part(2, value))
    return of(b"BadRequest", violation) + of(b"RetryInfo", wait)


def description():
    file = descriptor_pb2.FileDescriptorProto(name="greeter.proto", package="demo", syntax="proto3")
    mood = file.enum_type.add(name="Mood")
    for number, name in enumerate(["CALM", "LOUD"]):
        mood.value.add(name=name, number=number)
    question = file.message_type.add(name="Question")
    field(question, "name", 1, FIELD.TYPE_STRING)
    field(question, "times", 2, FIELD.TYPE_INT32)
    field(question, "mood", 3, FIELD.TYPE_ENUM, type_name=".demo.Mood")
    field(question, "big_number", 4, FIELD.TYPE_UINT64)
    answer = file.message_type.add(name="Answer")
    field(answer, "text", 1, FIELD.TYPE_STRING)
    field(answer, "big_number", 2, FIELD.TYPE_UINT64)
    field(answer, "deadline_s", 3, FIELD.TYPE_DOUBLE)
    service = file.service.add(name="Greeter")
    types = {"input_type": ".demo.Question", "output_type": ".demo.Answer"}
    service.method.add(name="SayHello", **types).options.idempotency_level = descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
    service.method.add(name="CountUp", server_streaming=True, **types)
    service.method.add(name="Fail", **types)
    service.method.add(name="Refuse", **types)
    service.method.add(name="Wait", **types)
    service.method.add(name="WasLeft", **types)
    service.method.add(name="ShowMetadata", **types)
    service.method.add(name="ListenTo", client_streaming=True, **types)
    return file


def main():
    file = description()
    pool = descriptor_pool.Default()
    pool.Add(file)
    make = lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"demo.{name}"))
    Question, Answer = make("Question"), make("Answer")

    def say_hello(question, context):
        text = f"Hello, {question.name}" + ("!" if question.mood == 1 else ".")
        return Answer(text=text, big_number=question.big_number, deadline_s=round(context.time_remaining() or 0))

    def count_up(question, context):
        for number in range(question.times):
            if not context.is_active():
                return
            yield Answer(text=f"{question.name} {number}")

    def fail(question, context):
        context.abort(grpc.StatusCode.NOT_FOUND, f"no {question.name}, né")

    def refuse(question, context):
        context.set_trailing_metadata([("grpc-status-details-bin", refused())])
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no")

    left = threading.Event()

    def wait(question, context):
        gone = threading.Event()
        context.add_callback(gone.set)
        gone.wait()
        left.set()
        return Answer()

    def was_left(question, context):
        left.wait()
        return Answer(text="a call was left")

    def show_metadata(question, context):
        return Answer(text=dict(context.invocation_metadata()).get("x-team", "none"))

    method = lambda kind, run: kind(run, request_deserializer=Question.FromString, response_serializer=Answer.SerializeToString)
    handlers = {
        "SayHello": method(grpc.unary_unary_rpc_method_handler, say_hello),
        "CountUp": method(grpc.unary_stream_rpc_method_handler, count_up),
        "Fail": method(grpc.unary_unary_rpc_method_handler, fail),
        "Refuse": method(grpc.unary_unary_rpc_method_handler, refuse),
        "Wait": method(grpc.unary_unary_rpc_method_handler, wait),
        "WasLeft": method(grpc.unary_unary_rpc_method_handler, was_left),
        "ShowMetadata": method(grpc.unary_unary_rpc_method_handler, show_metadata),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("demo.Greeter", handlers)])
    tls = sys.argv[2:] if sys.argv[1:2] == ["--tls"] else []
    if len(sys.argv) > 1 and not tls:
        with open(sys.argv[1], "wb") as out:
            out.write(descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString())
    else:
        reflection.enable_server_reflection(["demo.Greeter", reflection.SERVICE_NAME], server)
    if tls:
        certificate, key = [open(file, "rb").read() for file in tls]
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on {'https' if tls else 'http'}://127.0.0.1:{port}", flush=True)
    while True:
        time.sleep(3600)


main()
