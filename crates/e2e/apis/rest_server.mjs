// A REST API on a free loopback port, described at /openapi.json. It keeps what it was asked, so that a test can see
// which path really arrived, and it shows requests back, as careless APIs do.
import { createServer } from 'node:http';

const pets = new Map([[1, { id: 1, name: 'Rex' }], [2, { id: 2, name: 'Tom' }]]);
const schema = { type: 'object', required: ['name'], properties: { id: { type: 'integer', readOnly: true }, name: { type: 'string' } } };
const json = (schema) => ({ 200: { description: 'ok', content: { 'application/json': { schema } } } });
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
const document = {
  openapi: '3.1.0',
  info: { title: 'Pets', version: '1' },
  servers: [{ url: '/v1' }],
  paths: {
    '/pets': {
      get: { operationId: 'listPets', tags: ['pets'], summary: 'Lists pets.', parameters: [{ name: 'tag', in: 'query', schema: { type: 'array', items: { type: 'string' } } }], responses: json({ type: 'array', items: schema }) },
      post: { operationId: 'addPet', tags: ['pets'], requestBody: { required: true, content: { 'application/json': { schema } } }, responses: json(schema) },
    },
    '/pets/{id}': {
      parameters: [id],
      get: { operationId: 'getPet', tags: ['pets'], responses: json(schema) },
      delete: { operationId: 'deletePet', tags: ['pets'], responses: { 204: { description: 'gone' } } },
    },
    '/picture': { get: { operationId: 'getPicture', tags: ['files'], responses: { 200: { description: 'ok' } } } },
    '/elsewhere': { get: { operationId: 'goElsewhere', tags: ['odd'], responses: json(schema) } },
    '/echo': { get: { operationId: 'echoHeaders', tags: ['odd'], responses: json({ type: 'object' }) } },
    '/slow': { get: { operationId: 'beSlow', tags: ['odd'], responses: json({ type: 'object' }) } },
    '/remote': { get: { operationId: 'remoteReference', parameters: [{ $ref: 'http://127.0.0.1:9/x.json' }], responses: json(schema) } },
  },
};

const arrived = [];
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

function answer(request, response, body) {
  const say = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const [path] = request.url.split('?');
  if (path === '/openapi.json') return say(200, document);
  if (path === '/arrived') return say(200, arrived);
  arrived.push(`${request.method} ${request.url}`);
  if (path === '/v1/pets' && request.method === 'GET') return say(200, [...pets.values()]);
  if (path === '/v1/pets') {
    const pet = { ...JSON.parse(body), id: pets.size + 1 };
    pets.set(pet.id, pet);
    return say(201, pet);
  }
  if (path === '/v1/picture') return response.writeHead(200, { 'content-type': 'image/png' }).end(png);
  if (path === '/v1/elsewhere') return response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
  if (path === '/v1/echo') return say(200, { headers: request.headers, url: request.url });
  if (path === '/v1/slow') return;
  const pet = path.startsWith('/v1/pets/') && pets.get(Number(decodeURIComponent(path.slice('/v1/pets/'.length))));
  if (!pet) return say(404, { error: `nothing at ${path}` });
  if (request.method === 'DELETE') { pets.delete(pet.id); return response.writeHead(204).end(); }
  say(200, pet);
}

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => { body += chunk; }).on('end', () => answer(request, response, body));
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
