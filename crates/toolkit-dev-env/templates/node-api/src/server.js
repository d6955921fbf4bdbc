import { createServer } from 'node:http';

/** What is answered to a request: a status and something that becomes JSON. */
const routes = {
  'GET /health': () => [200, { status: 'ok' }],
  'GET /hello': (url) => [200, { hello: url.searchParams.get('name') || 'world' }],
};

/** Makes the server; who calls decides where it listens. */
export function makeServer() {
  return createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const route = routes[`${request.method} ${url.pathname}`];
    const [status, body] = route ? route(url) : [404, { error: 'not found' }];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
}
