export { Oracle, type Books, type Intent, type RechargeIntent, type ReversalIntent } from './oracle';
