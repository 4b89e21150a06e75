"""A generator as an ONNX file, made of its program (`gan.export.program`). Needs the package `onnx`."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gan.export.content import ExportError
from gan.export.program import Layer, Program
from gan.networks.layers import IMAGE

if TYPE_CHECKING:
    import onnx

OPSET = 17


def onnx_content(program: Program) -> bytes:
    """The generator: `z` (N, size of a latent) and, if it is conditional, `mix` (N, classes) to `images`
    (N, 1, 28, 28) in [-1, 1]; all float32. A single class is the mix with one 1; the metadata `classes` is the list of
    their names, as JSON. Raises `ExportError` without the package `onnx`."""
    try:
        import onnx
        from onnx import TensorProto, helper
    except ImportError as error:
        raise ExportError("An ONNX file needs the package onnx: pip install onnx.") from error
    graph = _Graph()
    name = "z"
    for layer in program.generator:
        name = graph.add(layer, name)
    name = graph.node("Reshape", name, graph.constant(np.array([-1, *IMAGE], np.int64)))
    graph.node("Identity", name, output="images")
    inputs = [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", program.latents.size])]
    if program.conditional:
        inputs.append(helper.make_tensor_value_info("mix", TensorProto.FLOAT, ["N", len(program.classes)]))
    outputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", *IMAGE])]
    made = helper.make_graph(graph.nodes, "generator", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(made, opset_imports=opsets, producer_name="counterfeit")
    model.ir_version = 8  # of the time of OPSET, so that older runtimes read it
    helper.set_model_props(model, {"classes": json.dumps(program.classes)})
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


class _Graph:
    """Nodes and constants, named as they come."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = output or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def add(self, layer: Layer, x: str) -> str:
        """The nodes of a layer, whose flat input is `x`; returns its flat output's name."""
        if layer.operation == "leaky_relu":
            return self.node("LeakyRelu", x, alpha=layer.slope)
        if layer.operation in ("tanh", "sigmoid"):
            return self.node(layer.operation.capitalize(), x)
        if layer.operation == "affine":
            scaled = self.node("Mul", x, self.constant(np.array(layer.scale, np.float32)))
            return self.node("Add", scaled, self.constant(np.array(layer.shift, np.float32)))
        assert layer.weight is not None
        assert layer.bias is not None
        weight, bias = self.constant(layer.weight), self.constant(layer.bias)
        if layer.operation == "linear":
            if layer.bias.ndim == 1:
                return self.node("Gemm", x, weight, bias, transB=1)
            return self.node("Add", self.node("Gemm", x, weight, transB=1), self.node("MatMul", "mix", bias))
        transposed = layer.operation == "conv_transpose"
        channels = layer.weight.shape[0 if transposed else 1]
        pixels = self.node("Reshape", x, self.constant(np.array([-1, channels, layer.size, layer.size], np.int64)))
        operator = "ConvTranspose" if transposed else "Conv"
        strides, pads = [layer.stride] * 2, [layer.padding] * 4
        made = self.node(operator, pixels, weight, bias, strides=strides, pads=pads)
        return self.node("Flatten", made, axis=1)
