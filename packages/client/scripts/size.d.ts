/** Types of `size.js`, for the test that holds the budget. */
export function weigh(code: string): Promise<number>;
