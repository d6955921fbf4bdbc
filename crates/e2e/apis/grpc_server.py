"""A real gRPC server with reflection on a free loopback port: a greeter that also counts, fails and is slow on demand.

Its description is built here and not compiled, so that no code generator is needed. With an argument it writes the
description to that file, as `protoc --descriptor_set_out` would, and serves without reflection.
"""

import sys
import time
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection

FIELD = descriptor_pb2.FieldDescriptorProto


def field(message, name, number, kind, label=FIELD.LABEL_OPTIONAL, type_name=None):
    message.field.add(name=name, number=number, type=kind, label=label, type_name=type_name)


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

    def show_metadata(question, context):
        return Answer(text=dict(context.invocation_metadata()).get("x-team", "none"))

    method = lambda kind, run: kind(run, request_deserializer=Question.FromString, response_serializer=Answer.SerializeToString)
    handlers = {
        "SayHello": method(grpc.unary_unary_rpc_method_handler, say_hello),
        "CountUp": method(grpc.unary_stream_rpc_method_handler, count_up),
        "Fail": method(grpc.unary_unary_rpc_method_handler, fail),
        "ShowMetadata": method(grpc.unary_unary_rpc_method_handler, show_metadata),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("demo.Greeter", handlers)])
    if len(sys.argv) > 1:
        with open(sys.argv[1], "wb") as out:
            out.write(descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString())
    else:
        reflection.enable_server_reflection(["demo.Greeter", reflection.SERVICE_NAME], server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    while True:
        time.sleep(3600)


main()
