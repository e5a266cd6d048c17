// Serves app.js on PORT: `bun serve.js stock`, `node serve.js prepared`.
import cluster from "node:cluster";
import app from "./app.js";

const port = Number(process.env.PORT);

if (process.versions.bun) {
  // The kernel spreads connections over the processes that share the port.
  Bun.serve({ fetch: app.fetch, hostname: "127.0.0.1", port, reusePort: true });
} else if (cluster.isPrimary) {
  for (let worker = 0; worker < Number(process.env.WORKERS); worker += 1) cluster.fork();
} else {
  const { serve } = await import("@hono/node-server");
  serve({ fetch: app.fetch, hostname: "127.0.0.1", port });
}
