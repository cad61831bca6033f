# An image for trainings on several machines, with MPICH and what the MPI operator of Kubernetes starts ranks with:
# docker build -t desde-cero-training -f docs/deploy/training.Dockerfile .
FROM denoland/deno:2.9.6
USER root
RUN apt-get update && apt-get install -y --no-install-recommends mpich openssh-server openssh-client \
  && rm -rf /var/lib/apt/lists/* && mkdir -p /run/sshd \
  && printf 'Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n' > /etc/ssh/ssh_config.d/mpi.conf
WORKDIR /app
ENV DENO_DIR=/deno-dir
COPY . .
RUN deno install --frozen -q
ENTRYPOINT []
