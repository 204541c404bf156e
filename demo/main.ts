import { HeroPanel } from './hero/index.ts';

// Named here: the package has no side effects, so a module imported for its effect alone would be left out of the build.
customElements.define('hero-panel', HeroPanel);
