import { makeServer } from './server.js';

const port = Number(process.env.PORT ?? 3000);

makeServer().listen(port, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${port}`);
});
