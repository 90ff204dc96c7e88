import { expect, test } from 'vitest';
import { askedAt, complete, fitting, type IAsked } from './completion';

test.each([
  ['/', 1, 'command', ''],
  ['/ex', 3, 'command', 'ex'],
  ['/deep /f', 8, 'command', 'f'],
  ['what of @', 9, 'piece', ''],
  ['what of @ord', 12, 'piece', 'ord'],
  ['(@In[2]', 7, 'piece', 'In[2]'],
  ['@data/no and', 8, 'piece', 'data/no']
])('%j at %i asks for a %s', (text, caret, kind, query) => {
  expect(askedAt(text, caret)).toMatchObject({ kind, query });
});

test.each([
  ['', 0],
  ['a /ex', 5],
  ['/Explain', 8],
  ['/explain this', 13],
  ['me@home.example', 15],
  ['@orders is', 10]
])('%j at %i asks for nothing', (text, caret) => {
  expect(askedAt(text, caret)).toBeNull();
});

const one = (label: string, detail = ''): Parameters<typeof fitting>[0][number] => ({
  key: label,
  label,
  detail,
  insert: label
});

test('what begins with the words stands before what holds them', () => {
  const all = [one('reorder'), one('total', 'sum of orders'), one('orders'), one('/order')];
  expect(fitting(all, 'ORD').map(found => found.label)).toEqual(['orders', '/order', 'reorder', 'total']);
  expect(
    fitting(
      Array.from({ length: 50 }, (_, index) => one(`x${index}`)),
      ''
    )
  ).toHaveLength(12);
});

test('the text around what was typed stays', () => {
  const text = 'sum @ord please';
  const asked = askedAt(text, 8) as IAsked;
  expect(complete(text, asked, one('orders'))).toEqual({ text: 'sum orders please', caret: 10 });
  expect(complete('@', askedAt('@', 1) as IAsked, one('orders'))).toEqual({ text: 'orders ', caret: 7 });
  expect(complete('@da', askedAt('@da', 3) as IAsked, one('@data/')).text).toBe('@data/'); // to go on with
});
