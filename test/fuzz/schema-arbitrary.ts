/** Values that a JSON schema of the contract admits, by and large; what it refuses after all is a test as well. */
import fc from 'fast-check';

/** The part of JSON Schema that the contract uses. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
}

/**
 * Better values for a field than its schema alone tells, by the field's name, or by what it is within and its name:
 * `/global-ssl/:id.id`, `workers.id`.
 */
export type Fields = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const better = (fields: Fields, within: string, name: string): fc.Arbitrary<unknown> | undefined =>
  [`${within}.${name}`, name]
    .map((key) => (Object.hasOwn(fields, key) ? fields[key] : undefined))
    .find((each) => each);

const TIMES = [
  '2026-01-31T08:00:00Z',
  '2026-01-31T08:00:00.123456789+08:00',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
  '2016-12-31T23:59:60Z',
  '2026-02-30T00:00:00Z',
];

const word = fc.string({ unit: fc.constantFrom(...'abcXYZ019_-.'), minLength: 1, maxLength: 24 });
const anyText = fc.oneof(word, fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 40 }));

const text = ({ format, minLength = 0, maxLength = 60 }: Schema): fc.Arbitrary<string> => {
  if (format === 'date-time') return fc.constantFrom(...TIMES);
  const some = fc.oneof({ weight: 19, arbitrary: word }, { weight: 1, arbitrary: anyText });
  const longest = maxLength > 5_000 ? [] : [maxLength, maxLength + 1];
  const edges = fc.constantFrom(...[minLength, ...longest].map((length) => 'x'.repeat(length)));
  return fc.oneof({ weight: 19, arbitrary: some }, { weight: 1, arbitrary: edges });
};

const whole = ({ minimum = -1_000, maximum = 10_000 }: Schema): fc.Arbitrary<number> => {
  const near = fc.integer({ min: minimum, max: Math.min(maximum, minimum + 1_000) });
  return fc.oneof(
    { weight: 29, arbitrary: near },
    { weight: 1, arbitrary: fc.constantFrom(minimum, maximum, minimum - 1, maximum + 1) },
  );
};

const objectOf = (schema: Schema, fields: Fields, within: string): fc.Arbitrary<unknown> => {
  const { properties = {}, patternProperties = {}, required = [] } = schema;
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, each]) => [name, arbitraryOf(each, fields, name, within)]),
  );
  const named = fc.record(model, { requiredKeys: [...required], noNullPrototype: true });
  const [values] = Object.values(patternProperties);
  return values ? fc.dictionary(word, arbitraryOf(values, fields), { maxKeys: 5 }) : named;
};

const arrayOf = (schema: Schema, fields: Fields, name: string): fc.Arbitrary<unknown> => {
  const { items = {}, minItems = 0, maxItems = 5 } = schema;
  const bounds = { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 5)) };
  return fc.array(arbitraryOf(items, fields, name), bounds);
};

/** @param within what the value belongs to: the object's own name, or an endpoint's address */
export const arbitraryOf = (
  schema: Schema,
  fields: Fields,
  name = '',
  within = '',
): fc.Arbitrary<unknown> => {
  const known = better(fields, within, name);
  const plain = plainOf(schema, fields, name || within);
  return known ? fc.oneof({ weight: 29, arbitrary: known }, { weight: 1, arbitrary: plain }) : plain;
};

const plainOf = (schema: Schema, fields: Fields, name: string): fc.Arbitrary<unknown> => {
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => arbitraryOf(each, fields, name)));
  switch (schema.type) {
    case 'object':
      return objectOf(schema, fields, name);
    case 'array':
      return arrayOf(schema, fields, name);
    case 'string':
      return text(schema);
    case 'integer':
      return whole(schema);
    case 'number':
      return fc.oneof(whole(schema), fc.double());
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.anything({ maxDepth: 2 });
  }
};
