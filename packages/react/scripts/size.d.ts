export declare function weigh(names: string): Promise<number>;
export declare function weighStyle(): Promise<number>;
export declare const HOOKS: string;
export declare const EVERYTHING: string;
