import assert from 'node:assert/strict';
import { Tensor } from 'onnxruntime-node';
import { BoundaryError } from '../../base/errors.ts';
import { Graph } from '../../onnx/graph.ts';
import type { Device } from '../settings.ts';
import { devices, devicesOf } from './devices.ts';
import { assertAttention } from './attention-probe.ts';
import { addSequenceOutput, createSession, runInto } from './session.ts';

describe('running into given buffers', () => {
  it('works on the version that package-lock.json names, also for attention with its cache in place', async () => {
    await assertAttention();
  });

  it('fills the buffers', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float', ['n']);
    const marker = graph.input('marker', 'int32', []);
    addSequenceOutput(graph, marker);
    graph.output('doubled', graph.op('Add', [x, x]), 'float', ['n']);
    const session = await createSession(graph, { threads: 1 });
    const result = new Float32Array(3);
    const inputs = {
      x: new Tensor('float32', Float32Array.of(1, 2, 3), [3]),
      marker: new Tensor('int32', Int32Array.of(0), []),
    };
    await runInto(session, inputs, { doubled: new Tensor('float32', result, [3]) });
    await session.release();
    assert.deepEqual([...result], [2, 4, 6]);
  });

  it('reports a failing run', async () => {
    const graph = new Graph();
    const rows = graph.input('rows', 'int32', ['n']);
    const marker = graph.input('marker', 'int32', []);
    addSequenceOutput(graph, marker);
    graph.output('picked', graph.op('Gather', [graph.float([1, 2]), rows]), 'float', ['n']);
    const session = await createSession(graph, { threads: 1 });
    const inputs = {
      rows: new Tensor('int32', Int32Array.of(5), [1]),
      marker: new Tensor('int32', Int32Array.of(0), []),
    };
    const running = runInto(session, inputs, { picked: new Tensor('float32', new Float32Array(1), [1]) });
    await assert.rejects(running, /out of|bounds/);
    await session.release();
  });
});

describe('a session on a device of another platform', () => {
  it('is refused: onnxruntime would compute on the processor and say nothing', async () => {
    const here = devicesOf(`${process.platform}-${process.arch}`);
    const device = (Object.keys(devices) as Device[]).find((name) => !here.includes(name));
    assert.ok(device && here.includes('cpu'));
    await assert.rejects(createSession(new Graph(), { device, threads: 1 }), (error) => {
      assert.ok(error instanceof BoundaryError);
      assert.match(error.message, new RegExp(`^The device ${device} does not exist on `));
      return true;
    });
  });
});
