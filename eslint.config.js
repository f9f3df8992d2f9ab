import tseslint from "typescript-eslint";

/** The layers of the design, lowest first: each folder may import only from those before it. */
const layers = [
  ["random", "stats", "linalg"],
  ["graph"],
  ["weights"],
  ["model"],
  ["lens"],
  ["induction"],
  ["train"],
  ["runs"],
  ["report"],
  ["cli"],
];

const layering = layers.flatMap((folders, level) => {
  const above = layers.slice(level + 1).flat();
  if (above.length === 0) return [];
  const regex = `^(\\.\\./)+(${above.join("|")}|index|node)(/|\\.js$|$)`;
  return folders.map((folder) => ({
    files: [`src/${folder}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex, message: `src/${folder} may not import from a layer above it.` }] },
      ],
    },
  }));
});

export default tseslint.config(
  { ignores: ["dist/", "dist-*/", "runs/", "coverage/", "models/", "test/fixtures/"] },
  {
    files: ["**/*.{ts,js,mjs}"],
    extends: [tseslint.configs.base],
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": "error",
      "prefer-const": "error",
      eqeqeq: "error",
    },
  },
  {
    files: ["**/*.ts", "src/**/*.js"],
    languageOptions: {
      parserOptions: { project: "./tsconfig.check.json", tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/only-throw-error": "error",
    },
  },
  { files: ["src/**"], rules: { "no-console": "error" } },
  ...layering,
);
