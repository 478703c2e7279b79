/* Places names beside the points of a chart so that no two boxes meet: the nearest free place of a fixed order.

   labels: [{x, y, width, height, must}], anchors in pixels, what matters most first; one that must be shown may
   lie far from its point, others only beside it. obstacles: [[left, top, right, bottom]]. frame: likewise, the
   place there is. Returns for each label {left, top, far}, or null where there is no room. */
function placeLabels(labels, obstacles, frame) {
  const GAP = 2, NEAR = 10, STEP = 9;
  const taken = [...obstacles];
  const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
  const inside = (box) => box[0] >= frame[0] && box[1] >= frame[1] && box[2] <= frame[2] && box[3] <= frame[3];
  const free = (box) => inside(box) && !taken.some((other) => meet(box, other));
  const around = (left, top, { width, height }) => [left - GAP, top - GAP, left + width + GAP, top + height + GAP];
  // Above, below, right, left, then the corners; [share of the width, of the height, direction].
  const sides = [[-0.5, -1, 0, -1], [-0.5, 0, 0, 1], [0, -0.5, 1, 0], [-1, -0.5, -1, 0],
    [0, -1, 1, -1], [-1, -1, -1, -1], [0, 0, 1, 1], [-1, 0, -1, 1]];
  return labels.map((label) => {
    const furthest = label.must ? Math.hypot(frame[2] - frame[0], frame[3] - frame[1]) : NEAR + STEP;
    for (let away = NEAR; away <= furthest; away += STEP) {
      for (const [share, above, right, down] of sides) {
        const left = label.x + share * label.width + right * away;
        const top = label.y + above * label.height + down * away;
        const box = around(left, top, label);
        if (!free(box)) continue;
        taken.push(box);
        return { left, top, far: away > NEAR + 2 * STEP };
      }
    }
    return null;
  });
}
