// A real GraphQL server on a free loopback port: a small library of books, with a cycle and an error on demand.
import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';

const schema = buildSchema(`
  "A shelf of books."
  type Query {
    "All books, or those of one author."
    books(author: String, first: Int = 10): [Book!]!
    book(id: ID!): Book
    "Counts the books."
    bookCount: Int!
    "Says what the caller sent in its Authorization header."
    whoAmI: String!
    "Gives a part and fails in another."
    broken: Broken
  }
  type Mutation {
    addBook(book: NewBook!): Book!
  }
  input NewBook { title: String!, author: String!, genre: Genre = NOVEL }
  enum Genre { NOVEL POEM }
  type Book { id: ID!, title: String!, genre: Genre!, author: Author! }
  type Author { name: String!, books: [Book!]! }
  type Broken { fine: String, bad: String }
`);

const books = [
  { id: '1', title: 'Emma', genre: 'NOVEL', author: 'Austen' },
  { id: '2', title: 'Persuasion', genre: 'NOVEL', author: 'Austen' },
  { id: '3', title: 'Ulalume', genre: 'POEM', author: 'Poe' },
];
const shown = (book) => ({ ...book, author: () => author(book.author) });
const author = (name) => ({ name, books: () => books.filter((book) => book.author === name).map(shown) });

const rootValue = {
  books: ({ author: name, first }) => books.filter((book) => !name || book.author === name).slice(0, first).map(shown),
  book: ({ id }) => { const found = books.find((book) => book.id === id); return found && shown(found); },
  bookCount: () => books.length,
  whoAmI: (_, context) => context.authorization,
  broken: () => ({ fine: 'as it should be', bad: () => { throw new Error('this field always fails'); } }),
  addBook: ({ book }) => { const added = { ...book, id: String(books.length + 1) }; books.push(added); return shown(added); },
};

const handler = createHandler({
  schema,
  rootValue,
  context: (request) => ({ authorization: request.raw.headers.authorization ?? 'nobody' }),
});
const server = createServer((request, response) => {
  if (request.url === '/graphql') return handler(request, response);
  response.writeHead(404).end();
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}/graphql`));
