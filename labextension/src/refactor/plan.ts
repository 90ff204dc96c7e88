/** A plan as the user edits it. Free of JupyterLab; a plan is never changed, another one takes its place. */

import type { PlanStep, RefactorPlan } from '../_wire';

/** Change one step. */
export function withStep(plan: RefactorPlan, stepId: string, change: Partial<PlanStep>): RefactorPlan {
  const steps = plan.steps.map(step => (step.step_id === stepId ? { ...step, ...change } : step));
  return { ...plan, steps };
}

/** Say something else in a step; of a Markdown cell that is its text. */
export function withInstruction(plan: RefactorPlan, stepId: string, words: string): RefactorPlan {
  const step = plan.steps.find(step => step.step_id === stepId);
  const isText = step?.operation === 'insert' && step.kind === 'markdown';
  // Code that was worked out without a model is not what other words ask for.
  const change = isText ? { source: words } : { instruction: words, source: null };
  return words.trim() ? withStep(plan, stepId, change) : plan;
}

/** A step's words. */
export function wordsOf(step: PlanStep): string {
  return step.instruction || (step.operation === 'insert' && step.kind === 'markdown' ? (step.source ?? '') : '');
}

/** Whether the user can say something else in a step: not where no model is asked. */
export function isEditable(step: PlanStep): boolean {
  return step.operation !== 'delete' && step.operation !== 'move' && (step.source === null || wordsOf(step) !== '');
}

/** Whether a model writes it. */
export function needsModel({ operation, instruction, source }: PlanStep): boolean {
  return operation === 'merge' ? instruction !== '' : source === null && operation !== 'delete' && operation !== 'move';
}

/** Give a name another new name, or (`null`) leave it as it is. */
export function withRename(plan: RefactorPlan, old: string, name: string | null): RefactorPlan {
  const renames = plan.renames.flatMap(one => (one.old !== old ? one : name === null ? [] : { old, new: name }));
  return { ...plan, renames };
}

/** One more step: an edit of a cell. A second one about the same cell is added to the first. */
export function withEdit(plan: RefactorPlan, cellId: string, words: string): RefactorPlan {
  const there = plan.steps.find(step => step.operation === 'edit' && step.cell_id === cellId);
  if (there) {
    const instruction = [wordsOf(there), words].filter(part => part).join('\n');
    return withStep(plan, there.step_id, { instruction, source: null, accepted: true });
  }
  const numbers = plan.steps.map(step => Number(step.step_id) || 0);
  const step: PlanStep = {
    step_id: String(Math.max(0, ...numbers) + 1),
    operation: 'edit',
    cell_id: cellId,
    below: '',
    cells: [],
    kind: 'code',
    instruction: words,
    source: null,
    accepted: true
  };
  return { ...plan, steps: [...plan.steps, step] };
}

/** How many parts of a plan would be done. */
export function partsOf(plan: RefactorPlan): number {
  return plan.renames.length + plan.steps.filter(step => step.accepted).length;
}

/** A Python name, as a rename needs one. */
export function isName(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text);
}
