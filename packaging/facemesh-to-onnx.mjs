#!/usr/bin/env node
/*
 * Converts MediaPipe Face Mesh from a TensorFlow.js graph model (facemesh.json + facemesh.bin) to one ONNX file that
 * OpenCV's dnn module reads (4.6 and newer).
 *
 *     node facemesh-to-onnx.mjs facemesh.json facemesh.bin OUT.onnx
 *
 * Input  "image" [1,3,192,192] float: RGB / 255.
 * Output "mesh"  [1,1404] float: 468 points x, y, z in pixels of the input. Output "flag" [1,1]: is it a face, 0…1.
 * The model's third output (contours) and what only it needs are left out.
 *
 * What differs between the two worlds, and is handled here:
 * - TensorFlow keeps pictures as NHWC and weights as HWIO, ONNX as NCHW and OIHW (depthwise: HWCM to CM1HW).
 * - SAME padding of an even picture at stride 2 pads one more at the end: said by an explicit Pad, because a
 *   symmetric reading of the same numbers shifts every point.
 * - PReLU slopes are per channel: [1,1,C] becomes [C,1,1].
 * - Channel padding moves from axis 3 to axis 1.
 * - The last Reshapes start from 1x1 pictures, where NHWC and NCHW are the same bytes; anything else is refused.
 * - Weights are stored as float16 and become float32.
 *
 * Same input, same bytes: nothing depends on time, place or hash order. No dependencies beyond Node.js 18.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const INPUT_SIDE = 192;
const OPSET = 10; // the last one in which Pad carries its amounts as an attribute
const IR_VERSION = 5;
const OUTPUTS = { Identity_2: 'mesh', Identity_1: 'flag' };

class ConversionError extends Error {}

function refuse(message) {
    throw new ConversionError(message);
}

/* ---- protobuf: varints and length-delimited fields are all that ONNX needs ---- */

function varint(value) {
    const bytes = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    do {
        const low = Number(rest & 0x7fn);
        rest >>= 7n;
        bytes.push(rest ? low | 0x80 : low);
    } while (rest);
    return Buffer.from(bytes);
}

const intField = (number, value) => Buffer.concat([varint(number << 3), varint(value)]);

function bytesField(number, bytes) {
    return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

const textField = (number, text) => bytesField(number, Buffer.from(text, 'utf8'));

function packedInts(number, values) {
    return bytesField(number, Buffer.concat(values.map(varint)));
}

/* ---- the ONNX messages; field numbers are those of onnx.proto ---- */

const TENSOR_FLOAT = 1;
const TENSOR_INT64 = 7;

function attribute(name, value) {
    if (Array.isArray(value))
        return Buffer.concat([textField(1, name), ...value.map((v) => intField(8, v)), intField(20, 7)]);
    return Buffer.concat([textField(1, name), intField(3, value), intField(20, 2)]);
}

function nodeProto(op, inputs, output, attributes = {}) {
    return Buffer.concat([
        ...inputs.map((name) => textField(1, name)),
        textField(2, output),
        textField(3, output),
        textField(4, op),
        ...Object.entries(attributes).map(([name, value]) => bytesField(5, attribute(name, value))),
    ]);
}

function tensorProto(name, type, shape, raw) {
    return Buffer.concat([packedInts(1, shape), intField(2, type), textField(8, name), bytesField(9, raw)]);
}

function valueInfo(name, shape) {
    const dims = shape.map((size) => bytesField(1, intField(1, size)));
    const tensorType = Buffer.concat([intField(1, TENSOR_FLOAT), bytesField(2, Buffer.concat(dims))]);
    return Buffer.concat([textField(1, name), bytesField(2, bytesField(1, tensorType))]);
}

function modelProto(graph) {
    const opset = Buffer.concat([textField(1, ''), intField(2, OPSET)]);
    return Buffer.concat([
        intField(1, IR_VERSION),
        textField(2, 'rollcall facemesh-to-onnx'),
        bytesField(7, graph),
        bytesField(8, opset),
    ]);
}

/* ---- reading the TensorFlow.js model ---- */

function halfToFloat(half) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0)
        return sign * fraction * 2 ** -24;
    if (exponent === 31)
        refuse('a weight is not a finite number: the file is damaged');
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const elementCount = (shape) => shape.reduce((product, size) => product * size, 1);

/* Map from name to {shape, values}; values are plain numbers in TensorFlow's order. */
function readWeights(manifest, bin) {
    const weights = new Map();
    let offset = 0;
    for (const { name, shape, dtype, quantization } of manifest.flatMap((group) => group.weights)) {
        const stored = quantization ? quantization.dtype : dtype;
        const size = { float16: 2, float32: 4, int32: 4 }[stored];
        if (size === undefined)
            refuse(`weight ${name} is stored as ${stored}, which this script does not know`);
        const count = elementCount(shape);
        if (offset + count * size > bin.length)
            refuse(`the weights file ends inside ${name}: it is truncated`);
        const read = {
            float16: (at) => halfToFloat(bin.readUInt16LE(at)),
            float32: (at) => bin.readFloatLE(at),
            int32: (at) => bin.readInt32LE(at),
        }[stored];
        weights.set(name, { shape, values: Array.from({ length: count }, (_, i) => read(offset + i * size)) });
        offset += count * size;
    }
    if (offset !== bin.length)
        refuse(`the weights file has ${bin.length} bytes, the model describes ${offset}`);
    return weights;
}

function parseModel(json) {
    let model;
    try {
        model = JSON.parse(json);
    } catch {
        refuse('the model file is not JSON');
    }
    if (model?.format !== 'graph-model' || !Array.isArray(model.modelTopology?.node) ||
        !Array.isArray(model.weightsManifest))
        refuse('the model file is not a TensorFlow.js graph model');
    return model;
}

const text = (base64) => Buffer.from(base64, 'base64').toString('latin1');

/* Strides and kernel sizes come as ["1", h, w, "1"] in NHWC order. */
function spatial(node, key) {
    const list = node.attr[key]?.list?.i?.map(Number);
    if (list?.length !== 4 || list[0] !== 1 || list[3] !== 1 || list[1] !== list[2])
        refuse(`${node.name}: ${key} is not of the form 1,n,n,1`);
    return list[1];
}

/* ---- the graph ---- */

class Converter {
    constructor(model) {
        this.sources = new Map(model.modelTopology.node.map((node) => [node.name, node]));
        this.nodes = [];
        this.initializers = [];
        this.count = 0;
        this.values = new Map(); // TensorFlow name -> {name, shape [C,H,W] or [n]}
    }

    emit(op, inputs, output, attributes) {
        this.nodes.push(nodeProto(op, inputs, output, attributes));
        return output;
    }

    floats(name, shape, values) {
        const raw = Buffer.alloc(values.length * 4);
        values.forEach((value, i) => raw.writeFloatLE(value, i * 4));
        this.initializers.push(tensorProto(name, TENSOR_FLOAT, shape, raw));
        return name;
    }

    int64s(name, values) {
        const raw = Buffer.alloc(values.length * 8);
        values.forEach((value, i) => raw.writeBigInt64LE(BigInt(value), i * 8));
        this.initializers.push(tensorProto(name, TENSOR_INT64, [values.length], raw));
        return name;
    }

    weight(name) {
        return this.weights.get(name) ?? refuse(`no weight named ${name}`);
    }

    /* Depth first, so that every node comes after its inputs; the model is some 40 layers deep. */
    value(name) {
        let value = this.values.get(name);
        if (value === undefined) {
            const node = this.sources.get(name) ?? refuse(`no node named ${name}`);
            const convert = Converter.kinds[node.op] ?? refuse(`${name}: unknown operation ${node.op}`);
            value = convert.call(this, node, `n${this.count++}`);
            this.values.set(name, value);
        }
        return value;
    }

    /* TensorFlow's SAME: the picture is padded such that the output has ceil(size / stride) pixels. */
    padSame(node, input, kernel, stride, id) {
        const [channels, height, width] = input.shape;
        const amount = (size) => Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
        const [down, across] = [amount(height), amount(width)];
        const [top, left] = [down >> 1, across >> 1];
        if (top === down - top && left === across - left)
            return { ...input, pads: [top, left, top, left] };
        const pads = [0, 0, top, left, 0, 0, down - top, across - left];
        const name = this.emit('Pad', [input.name], `${id}_pad`, { pads });
        return { name, shape: [channels, height + down, width + across], pads: [0, 0, 0, 0] };
    }

    convolve(node, id, { weights, bias, kernel, group, channels }) {
        const stride = spatial(node, 'strides');
        if (spatial(node, 'dilations') !== 1)
            refuse(`${node.name}: dilated convolutions are not supported`);
        let input = this.value(node.input[0]);
        const padding = text(node.attr.padding.s);
        if (padding === 'SAME')
            input = this.padSame(node, input, kernel, stride, id);
        else if (padding === 'VALID')
            input = { ...input, pads: [0, 0, 0, 0] };
        else
            refuse(`${node.name}: unknown padding ${padding}`);
        const [top, left, bottom, right] = input.pads;
        const size = (pixels, before, after) => Math.floor((pixels + before + after - kernel) / stride) + 1;
        const shape = [channels, size(input.shape[1], top, bottom), size(input.shape[2], left, right)];
        const inputs = bias ? [input.name, weights, bias] : [input.name, weights];
        const attributes = {
            dilations: [1, 1], group, kernel_shape: [kernel, kernel], pads: input.pads, strides: [stride, stride],
        };
        return { name: this.emit('Conv', inputs, id, attributes), shape };
    }

    prelu(input, slopeName, id) {
        const { shape, values } = this.weight(slopeName);
        if (shape.length !== 3 || values.length !== input.shape[0])
            refuse(`${slopeName}: slopes do not match the channels`);
        const slope = this.floats(`${id}_slope`, [values.length, 1, 1], values);
        return { name: this.emit('PRelu', [input.name, slope], id), shape: input.shape };
    }

    static kinds = {
        Placeholder() {
            return { name: 'image', shape: [3, INPUT_SIDE, INPUT_SIDE] };
        },

        _FusedConv2D(node, id) {
            const { shape: [height, width, inputs, outputs], values } = this.weight(node.input[1]);
            if (height !== width)
                refuse(`${node.name}: only square kernels are supported`);
            const oihw = new Array(values.length);
            for (let hw = 0; hw < height * width; hw++)
                for (let i = 0; i < inputs; i++)
                    for (let o = 0; o < outputs; o++)
                        oihw[(o * inputs + i) * height * width + hw] = values[(hw * inputs + i) * outputs + o];
            const fused = node.attr.fused_ops.list.s.map(text).join('+');
            if (fused !== 'BiasAdd' && fused !== 'BiasAdd+Prelu')
                refuse(`${node.name}: unknown fused operations ${fused}`);
            const withPrelu = fused === 'BiasAdd+Prelu';
            const convolution = this.convolve(node, withPrelu ? `${id}_conv` : id, {
                weights: this.floats(`${id}_weights`, [outputs, inputs, height, width], oihw),
                bias: this.floats(`${id}_bias`, [outputs], this.weight(node.input[2]).values),
                kernel: height, group: 1, channels: outputs,
            });
            return withPrelu ? this.prelu(convolution, node.input[3], id) : convolution;
        },

        DepthwiseConv2dNative(node, id) {
            const { shape: [height, width, inputs, multiplier], values } = this.weight(node.input[1]);
            if (height !== width)
                refuse(`${node.name}: only square kernels are supported`);
            const channels = inputs * multiplier;
            const cm1hw = new Array(values.length);
            for (let hw = 0; hw < height * width; hw++)
                for (let c = 0; c < channels; c++)
                    cm1hw[c * height * width + hw] = values[hw * channels + c];
            const weights = this.floats(`${id}_weights`, [channels, 1, height, width], cm1hw);
            return this.convolve(node, id, { weights, kernel: height, group: inputs, channels });
        },

        Prelu(node, id) {
            return this.prelu(this.value(node.input[0]), node.input[1], id);
        },

        AddV2(node, id) {
            const [a, b] = node.input.map((name) => this.value(name));
            if (a.shape.join() !== b.shape.join())
                refuse(`${node.name}: adds ${a.shape.join('x')} to ${b.shape.join('x')}`);
            return { name: this.emit('Add', [a.name, b.name], id), shape: a.shape };
        },

        MaxPool(node, id) {
            const input = this.value(node.input[0]);
            const [kernel, stride] = [spatial(node, 'ksize'), spatial(node, 'strides')];
            if (text(node.attr.padding.s) !== 'VALID' || kernel !== stride || input.shape[1] % stride)
                refuse(`${node.name}: only pooling without overlap or rest is supported`);
            const attributes = { kernel_shape: [kernel, kernel], pads: [0, 0, 0, 0], strides: [stride, stride] };
            const [channels, height, width] = input.shape;
            return {
                name: this.emit('MaxPool', [input.name], id, attributes),
                shape: [channels, height / stride, width / stride],
            };
        },

        Pad(node, id) {
            const input = this.value(node.input[0]);
            const amounts = this.weight(node.input[1]).values; // N, H, W, C: before and after
            if (amounts.length !== 8 || amounts.slice(0, 7).some((amount) => amount !== 0))
                refuse(`${node.name}: only padding behind the last channel is supported`);
            const [channels, height, width] = input.shape;
            const pads = [0, 0, 0, 0, 0, amounts[7], 0, 0];
            return {
                name: this.emit('Pad', [input.name], id, { pads }),
                shape: [channels + amounts[7], height, width],
            };
        },

        Sigmoid(node, id) {
            const input = this.value(node.input[0]);
            return { name: this.emit('Sigmoid', [input.name], id), shape: input.shape };
        },

        Reshape(node, id) {
            const input = this.value(node.input[0]);
            const count = elementCount(input.shape);
            const target = this.weight(node.input[1]).values;
            if (input.shape[1] !== 1 || input.shape[2] !== 1 || target.length !== 2 || target[1] !== count)
                refuse(`${node.name}: only flattening a 1x1 picture is supported`);
            const shape = this.int64s(`${id}_shape`, [1, count]);
            return { name: this.emit('Reshape', [input.name, shape], id), shape: [count] };
        },
    };

    graph(weights) {
        this.weights = weights;
        const outputs = Object.entries(OUTPUTS).map(([tensorflowName, name]) => {
            const node = this.sources.get(tensorflowName);
            if (node?.op !== 'Identity')
                refuse(`the model has no output ${tensorflowName}: not the version that this script knows`);
            const value = this.value(node.input[0]);
            this.emit('Identity', [value.name], name);
            return valueInfo(name, [1, ...value.shape]);
        });
        return Buffer.concat([
            ...this.nodes.map((node) => bytesField(1, node)),
            textField(2, 'facemesh'),
            ...this.initializers.map((tensor) => bytesField(5, tensor)),
            bytesField(11, valueInfo('image', [1, 3, INPUT_SIDE, INPUT_SIDE])),
            ...outputs.map((output) => bytesField(12, output)),
        ]);
    }
}

function convert(json, bin) {
    const model = parseModel(json);
    return modelProto(new Converter(model).graph(readWeights(model.weightsManifest, bin)));
}

/* Nobody ever sees a half-written model. */
function writeAtomically(path, bytes) {
    const temporary = `${path}.tmp.${process.pid}`;
    try {
        writeFileSync(temporary, bytes);
        renameSync(temporary, path);
    } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
    }
}

function main(args) {
    if (args.length !== 3) {
        console.error('usage: node facemesh-to-onnx.mjs facemesh.json facemesh.bin OUT.onnx');
        return 2;
    }
    const [jsonPath, binPath, outPath] = args;
    try {
        writeAtomically(outPath, convert(readFileSync(jsonPath, 'utf8'), readFileSync(binPath)));
        return 0;
    } catch (error) {
        // A TypeError is a model that lacks a field: as much a bad input as what refuse() says.
        console.error(`facemesh-to-onnx: ${error.message}`);
        return 1;
    }
}

process.exitCode = main(process.argv.slice(2));
