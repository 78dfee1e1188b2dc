"""A double of the Terraform provider hashicorp/null, if there is no mirror of it and no registry.

Stands only for the resource `null_resource`: an `id` that is unknown until apply, and `triggers` whose
change replaces the resource. Terraform is real and starts this program like any provider: one line on
standard output has the address on which it listens (go-plugin's handshake), the rest is gRPC
(tfplugin5.proto).
"""

import json
import secrets
import threading
from concurrent import futures

import grpc
import msgpack

messages, services = grpc.protos_and_services("tfplugin5.proto")

# Version of go-plugin's handshake, and of Terraform's plugin protocol.
HANDSHAKE, PROTOCOL = 1, 5

# Terraform's encoding of a value that is not known before apply.
UNKNOWN = msgpack.ExtType(0, b"\x00")


def decode(value):
    return msgpack.unpackb(value.msgpack)


def encode(value):
    return messages.DynamicValue(msgpack=msgpack.packb(value))


class NullProvider(services.ProviderServicer):
    def GetSchema(self, request, context):
        identity = messages.Attribute(name="id", type=b'"string"', computed=True)
        triggers = messages.Attribute(name="triggers", type=b'["map","string"]', optional=True)
        resource = messages.Schema(block=messages.Block(attributes=[identity, triggers]))
        provider = messages.Schema(block=messages.Block())
        return messages.GetSchemaResponse(provider=provider, resource_schemas={"null_resource": resource})

    def PrepareProviderConfig(self, request, context):
        return request

    def ValidateResourceTypeConfig(self, request, context):
        return messages.Empty()

    def Configure(self, request, context):
        return messages.Empty()

    def UpgradeResourceState(self, request, context):
        return messages.UpgradeResourceStateResponse(
            upgraded_state=encode(json.loads(request.raw_state.json))
        )

    def ReadResource(self, request, context):
        return messages.ReadResourceResponse(new_state=request.current_state)

    def PlanResourceChange(self, request, context):
        prior, planned = decode(request.prior_state), decode(request.proposed_new_state)
        response = messages.PlanResourceChangeResponse()
        if planned and not prior:
            planned["id"] = UNKNOWN
        elif planned and planned["triggers"] != prior["triggers"]:
            response.requires_replace.add().steps.add(attribute_name="triggers")
        response.planned_state.CopyFrom(encode(planned))
        return response

    def ApplyResourceChange(self, request, context):
        planned = decode(request.planned_state)
        if planned and planned["id"] == UNKNOWN:
            planned["id"] = str(secrets.randbits(63))
        return messages.ApplyResourceChangeResponse(new_state=encode(planned))

    def Stop(self, request, context):
        return messages.Empty()


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    services.add_ProviderServicer_to_server(NullProvider(), server)
    # go-plugin ends a provider with this call, and kills it only if it does not end.
    over = threading.Event()
    shutdown = grpc.unary_unary_rpc_method_handler(lambda request, context: over.set() or b"")
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": shutdown})]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"{HANDSHAKE}|{PROTOCOL}|tcp|127.0.0.1:{port}|grpc|", flush=True)
    over.wait()
    server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
