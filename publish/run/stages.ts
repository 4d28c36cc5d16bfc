/** The stages of a publishing run that have tasks: a granule each, then a target each. */
export const CONVERT = "convert";
export const REGISTER = "register";
