#!/bin/bash
# A pretraining on four machines by Slurm: sbatch docs/deploy/slurm.sh configs/gpt2.yaml, from the project's folder, which
# all machines see. MPI's library is that of the module below; Deno has cached what it needs (deno install --frozen).
#SBATCH --job-name=desde-cero
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --time=24:00:00
# SIGINT to the ranks five minutes before the time is over: they save once, and the job is queued again.
#SBATCH --signal=INT@300
#SBATCH --requeue
set -u
config=${1:-configs/gpt2.yaml}
module load mpich 2>/dev/null || true
status=0
# With nothing to go on with, --resume starts from the beginning.
srun --mpi=pmi2 --kill-on-bad-exit=1 deno task pretrain-mpi --config "$config" --set pretrain.accumulate=8 --resume || status=$?
# 130 is the exit code of a run that SIGINT has stopped.
[ "$status" -eq 130 ] && scontrol requeue "$SLURM_JOB_ID"
exit "$status"
