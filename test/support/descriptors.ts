/** A line of bash that closes what it was given open beside its input, output and errors, as a user's shell has none. */
export const CLOSE_OTHERS =
  'for d in /proc/self/fd/*; do d=${d##*/}; [ "$d" -gt 2 ] && eval "exec $d>&-"; done';
