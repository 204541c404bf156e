import { CheckerPanel } from './checker/index.ts';
import { FillPanel } from './fill/index.ts';
import { firstPanel } from './hash.ts';
import { HeroPanel } from './hero/index.ts';
import { InsidePanel } from './inside/index.ts';
import { MatrixPanel } from './matrix/index.ts';
import { ProofPanel } from './proof/index.ts';
import { StampsPanel } from './stamps/index.ts';
import { TrainPanel } from './train/index.ts';
import { UnpoolPanel } from './unpool/index.ts';
import { UsePanel } from './use/index.ts';
import { ZerosPanel } from './zeros/index.ts';

// Named here: the package has no side effects, so a module imported for its effect alone would be left out of the build.
customElements.define('hero-panel', HeroPanel);
customElements.define('fill-panel', FillPanel);
customElements.define('unpool-panel', UnpoolPanel);
customElements.define('stamps-panel', StampsPanel);
customElements.define('matrix-panel', MatrixPanel);
customElements.define('zeros-panel', ZerosPanel);
customElements.define('checker-panel', CheckerPanel);
customElements.define('train-panel', TrainPanel);
customElements.define('inside-panel', InsidePanel);
customElements.define('proof-panel', ProofPanel);
customElements.define('use-panel', UsePanel);

// An address with a panel's values is no anchor that the browser would find.
const first = firstPanel();
if (first !== 'hero') document.getElementById(first)?.scrollIntoView({ behavior: 'instant' });
