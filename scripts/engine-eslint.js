import tseslint from 'typescript-eslint';

const outside = [
  ['Literal[regex]', 'No regular expressions of the language: patterns run through host.match.'],
  ["BinaryExpression[operator='%'], AssignmentExpression[operator='%=']", '% differs for negative numbers.'],
  ["BinaryExpression[operator='**']", 'Write the power out.'],
  [
    [
      'TryStatement, ThrowStatement, ClassDeclaration, ClassExpression, ForInStatement, SpreadElement',
      'NewExpression, ThisExpression, TaggedTemplateExpression, YieldExpression, AwaitExpression',
      "UnaryExpression[operator='delete'], UnaryExpression[operator='void'], Literal[raw='null']",
      "BinaryExpression[operator='in'], BinaryExpression[operator='instanceof'], RestElement, SequenceExpression",
      'ImportExpression, LabeledStatement, TSEnumDeclaration, TSNonNullExpression, DoWhileStatement',
    ].join(', '),
    'Outside the engine subset: it does not mean the same in Lua, or not as fast.',
  ],
  ['Literal[value=/[^\\x00-\\x7f]/]', 'ASCII string literals only: strings are bytes.'],
  ['TemplateElement[value.cooked=/[^\\x00-\\x7f]/]', 'ASCII string literals only: strings are bytes.'],
  [
    "CallExpression[callee.property.name='slice'] > UnaryExpression[operator='-']",
    'Lua counts from the end differently: no negative indexes.',
  ],
  [
    "Identifier[name='undefined'] ~ Identifier, ArrayExpression > Identifier[name='undefined']",
    'No holes in arrays.',
  ],
];

/** Lint of the engine's subset; the compiler's part of the fence is `apisix/fence/lib.engine.d.ts`. */
export const engineFence = {
  files: ['src/engine/**/*.ts'],
  ignores: ['**/*.test.ts'],
  plugins: { '@typescript-eslint': tseslint.plugin },
  languageOptions: { parser: tseslint.parser },
  rules: {
    '@typescript-eslint/strict-boolean-expressions': [
      'error',
      { allowString: false, allowNumber: false, allowNullableObject: false },
    ],
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: false }],
    '@typescript-eslint/no-dynamic-delete': 'error',
    '@typescript-eslint/prefer-for-of': 'off',
    'no-bitwise': 'error',
    'no-loop-func': 'error',
    'max-lines': ['error', { max: 300, skipBlankLines: false }],
    'no-restricted-syntax': ['error', ...outside.map(([selector, message]) => ({ selector, message }))],
  },
};
