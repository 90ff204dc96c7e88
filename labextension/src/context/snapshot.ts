/** How a kernel is asked for its variables, and how its answer is read. */

import type { VariableSummary } from '../_wire';

/**
 * One Python expression that leaves no name in the user's namespace: `variables.py` is made a module of its own at the
 * first time. The answer is hexadecimal, so that Python's `repr` of it is easy to read.
 */
export function tellCode(source: string, module: string, first: readonly string[]): string {
  const name = JSON.stringify(module);
  const make = `(lambda m: (exec(${pythonText(source)}, m.__dict__), sys.modules.__setitem__(${name}, m), m)[2])`;
  return (
    `(lambda sys, types, space: (sys.modules.get(${name}) or ${make}(types.ModuleType(${name})))` +
    `.snapshot_json(space, first=${JSON.stringify(first)}).encode().hex())` +
    `(__import__("sys"), __import__("types"), globals())`
  );
}

/** The variables that an answer tells; null if it is none. */
export function readAnswer(answer: unknown): VariableSummary[] | null {
  const text = (answer as { data?: Record<string, unknown> } | null)?.data?.['text/plain'];
  const hex = typeof text === 'string' ? /^'((?:[0-9a-f]{2})+)'$/.exec(text)?.[1] : undefined;
  if (!hex) {
    return null;
  }
  const bytes = Uint8Array.from(hex.match(/../g) as string[], pair => parseInt(pair, 16));
  const told = JSON.parse(new TextDecoder().decode(bytes)) as { variables: [string, string, string][] };
  return told.variables.map(([name, type, summary]) => ({ name, type, summary }));
}

/** A Python literal; JSON's escapes are Python's. */
function pythonText(text: string): string {
  return JSON.stringify(text);
}
