import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    testTimeout: 30_000,
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    env: { DEBUG_PRINT_LIMIT: "0" },
  },
});
