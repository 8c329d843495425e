export { HEALTH_FILE, BILL_FILE, makeImage, type ImageOptions, type ImageReport } from './make-image';
export { HARMLESS } from './externals';
export { IMAGES, imageOf, type Image } from './images';
