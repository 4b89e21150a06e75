// The engine of Flatland, for tests and benchmarks.

export * from "./clouds.js";
export * from "./distance.js";
export * from "./duel.js";
export * from "./games.js";
export * from "./random.js";
