import tseslint from 'typescript-eslint';
import { engineFence } from './scripts/engine-eslint.js';

const pureRooms = ['src/contract/**', 'src/domain/**', 'src/projection/**', 'src/engine/**'];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '**/generated/**', '.cache/**', 'apisix/**'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'max-lines': ['error', { max: 500, skipBlankLines: false }],
      'max-lines-per-function': [
        'error',
        { max: 70, skipComments: true, skipBlankLines: true, IIFEs: false },
      ],
      eqeqeq: 'error',
    },
  },
  { files: ['**/*.test.ts', 'test/**/*.ts'], rules: { 'max-lines-per-function': 'off' } },
  {
    files: pureRooms,
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'setTimeout',
        'setInterval',
        'fetch',
        'performance',
        'Buffer',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Pure rooms take the time as a value.' },
        { object: 'Math', property: 'random', message: 'Pure rooms take randomness as a value.' },
      ],
    },
  },
  engineFence,
);
