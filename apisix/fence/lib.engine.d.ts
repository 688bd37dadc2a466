/// <reference no-default-lib="true"/>
/**
 * The whole language the engine may use: what means exactly the same on byte strings in JavaScript and in
 * LuaJIT after TypeScriptToLua. `tsc -p apisix/fence` compiles with nothing else, so anything more is an error.
 */
interface Boolean {}
interface CallableFunction extends Function {}
interface Function {}
interface IArguments {}
interface NewableFunction extends Function {}
interface Number {}
interface Object {}
interface RegExp {}
interface SymbolConstructor {
  readonly iterator: unique symbol;
}
declare var Symbol: SymbolConstructor;
interface IteratorResult<T, TReturn = any> {
  done?: boolean;
  value: T;
}
interface Iterator<T, TReturn = any, TNext = any> {
  next(): IteratorResult<T>;
}
interface Iterable<T, TReturn = any, TNext = any> {
  [Symbol.iterator](): Iterator<T, TReturn, TNext>;
}
interface TemplateStringsArray extends ReadonlyArray<string> {}

/** Bytes: every character is 0–255. Indexes are never negative; reading past the end yields NaN. */
interface String {
  readonly length: number;
  charCodeAt(index: number): number;
  indexOf(needle: string, from?: number): number;
  slice(start: number, end?: number): string;
}
interface StringConstructor {
  fromCharCode(code: number): string;
}
declare var String: StringConstructor;

/** No holes, no `undefined` elements: Lua's length would stop there. */
interface ReadonlyArray<T> {
  readonly length: number;
  readonly [n: number]: T;
  join(this: readonly string[], separator: string): string;
  [Symbol.iterator](): Iterator<T>;
}
interface Array<T> {
  readonly length: number;
  [n: number]: T;
  push(item: T): number;
  join(this: string[], separator: string): string;
  [Symbol.iterator](): Iterator<T>;
}
interface Math {
  floor(x: number): number;
  ceil(x: number): number;
  min(a: number, b: number): number;
  max(a: number, b: number): number;
}
declare var Math: Math;

type Record<K extends keyof any, T> = { [P in K]: T };
type Readonly<T> = { readonly [P in keyof T]: T[P] };
