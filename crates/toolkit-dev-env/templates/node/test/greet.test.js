import assert from 'node:assert/strict';
import { test } from 'node:test';

import { greet } from '../src/index.js';

test('somebody is greeted by name', () => {
  assert.equal(greet('Ada'), 'Hello, Ada!');
});

test('without a name the world is greeted', () => {
  assert.equal(greet('  '), 'Hello, world!');
  assert.equal(greet(), 'Hello, world!');
});
