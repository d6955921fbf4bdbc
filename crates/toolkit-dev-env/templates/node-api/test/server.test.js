import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';

import { makeServer } from '../src/server.js';

const server = makeServer();
let address;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

test('it says that it is well', async () => {
  const response = await fetch(`${address}/health`);
  assert.deepEqual(await response.json(), { status: 'ok' });
});

test('somebody is greeted by name', async () => {
  const response = await fetch(`${address}/hello?name=Ada`);
  assert.deepEqual(await response.json(), { hello: 'Ada' });
});

test('what is not there is told so', async () => {
  const response = await fetch(`${address}/nowhere`);
  assert.equal(response.status, 404);
});
