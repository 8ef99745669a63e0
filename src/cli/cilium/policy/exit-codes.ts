/** Something is wrong with the policies, or an expectation does not hold. */
export const EXIT_FINDINGS = 1;
/** The call, or a file that it names, cannot be understood. */
export const EXIT_USAGE = 2;
