# The image of Dockerfile with the loader of Vulkan, for a GPU; the container runtime brings the driver:
# docker build -t desde-cero . && docker build -t desde-cero-gpu -f docs/deploy/gpu.Dockerfile .
FROM desde-cero
USER root
RUN apt-get update && apt-get install -y --no-install-recommends libvulkan1 && rm -rf /var/lib/apt/lists/*
ENV DEVICE=webgpu
USER deno
