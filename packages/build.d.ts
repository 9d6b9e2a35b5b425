/** Types of `build.js`, for the tests that look at what is published. */
export declare function compile(folder: string): Promise<Map<string, { readonly code: string; readonly map: object }>>;
export declare function compileStyle(source: string): Promise<string>;
