/** Types of `size.js`, for the tests that hold the budgets. */
export declare function weigh(code: string, names?: readonly string[]): Promise<number>;
export declare function gzipped(text: string): number;
