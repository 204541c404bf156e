import './hero/index.ts';
