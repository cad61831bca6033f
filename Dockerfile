# The chat page and the API, with the checkpoint that ships: docker build -t desde-cero . &&
# docker run -p 8000:8000 desde-cero, then http://localhost:8000
FROM denoland/deno:2.9.6 AS dependencies
WORKDIR /app
ENV DENO_DIR=/deno-dir
COPY deno.json deno.lock serve.ts ./
COPY kernels kernels
COPY lib lib
RUN deno cache --frozen serve.ts

FROM denoland/deno:2.9.6
WORKDIR /app
ENV DENO_DIR=/deno-dir HOST=0.0.0.0 PORT=8000
COPY --from=dependencies --chown=deno:deno /deno-dir /deno-dir
COPY deno.json deno.lock serve.ts ./
COPY kernels kernels
COPY lib lib
COPY configs/faq.yaml configs/faq.yaml
COPY models/small models/small
USER deno
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["deno", "eval", "const r = await fetch('http://localhost:8000/healthz'); Deno.exit(r.ok ? 0 : 1)"]
CMD ["run", "-q", "--cached-only", "-P=serve", "--v8-flags=--experimental-wasm-revectorize", "serve.ts"]
