/** The key `teacher` of the sections `pretrain` and `finetune-instruct`. */
import { z } from "zod";

const folder = z.string().min(1);

export const TeacherSection = z.strictObject({
  checkpoints: z.array(folder).min(1).max(16).optional().describe(
    "Folders of checkpoints with the student's vocabulary; of several, the mean of their distributions is learned.",
  ),
  checkpoint: folder.optional().describe("The folder, if there is one."),
  temperature: z.number().min(0.1).max(100).default(2)
    .describe(
      "τ: what logits are divided by before the distributions are compared; above 1 they are softer.",
    ),
  weight: z.number().gt(0).max(1).default(0.5)
    .describe("w: the teachers' share of the loss, (1 - w)·CE(text) + w·τ²·KL(teachers ‖ student)."),
}).transform(({ checkpoint, checkpoints, ...options }, context) => {
  const given = checkpoints ?? (checkpoint === undefined ? [] : [checkpoint]);
  if (given.length > 0 && (checkpoint === undefined || checkpoints === undefined)) {
    return { checkpoints: given, ...options };
  }
  const message = given.length > 0
    ? "checkpoint and checkpoints say the same; leave one out"
    : "no teacher is named; give checkpoint, a folder such as models/small/pretrain, or checkpoints, a list of them";
  context.addIssue({ code: "custom", path: [], message });
  return z.NEVER;
});

export type TeacherSection = z.infer<typeof TeacherSection>;

/** The keys of a section's teacher that hold paths. */
export const teacherPathKeys = (section: string): string[] =>
  ["checkpoint", "checkpoints"].map((key) => `${section}.teacher.${key}`);
