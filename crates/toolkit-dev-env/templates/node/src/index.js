/**
 * Greets somebody by name; without a name, the world.
 * @param {string} [name]
 * @returns {string}
 */
export function greet(name = '') {
  return `Hello, ${name.trim() || 'world'}!`;
}
